class Base:
    SECRET_KEY = "base"
    CACHE_DEFAULT_TIMEOUT = 60


class Testing(Base):
    TESTING = True
    CACHE_TYPE = "null"


class Production(Base):
    CACHE_TYPE = "null"


settings = {"testing": Testing, "production": Production}
