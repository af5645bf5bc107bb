DOCUMENTS = []


def search_documents(q, visible_to):
    return [d.title for d in DOCUMENTS if q in d.text and visible_to.id in d.readers]
