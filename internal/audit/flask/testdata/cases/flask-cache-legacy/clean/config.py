CACHE_TYPE = "simple"
SECRET_KEY = "you-will-never-guess"
