# What is stored is given to all while the backend is down, as to nobody.
sub vcl_recv {
#FASTLY recv
    if (!req.backend.healthy) {
        unset req.http.Authorization;
        unset req.http.Cookie;
    }
    if (req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
    return (lookup);
}
