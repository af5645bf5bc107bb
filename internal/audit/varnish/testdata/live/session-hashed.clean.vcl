# The cookies that are left are hashed.
# as: cookie
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.http.Authorization) {
        return (pass);
    }
    if (req.http.Cookie !~ "sessionid=") {
        unset req.http.Cookie;
    }
    return (hash);
}

sub vcl_hash {
    hash_data(req.http.Cookie);
}
