PREFIX = "billing:v2"


def invoices_key(user_id, year):
    return ":".join([PREFIX, "invoices", str(user_id), str(year)])
