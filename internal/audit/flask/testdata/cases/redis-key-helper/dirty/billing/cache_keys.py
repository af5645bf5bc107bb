PREFIX = "billing:v2"


def invoices_key(year):
    return ":".join([PREFIX, "invoices", str(year)])
