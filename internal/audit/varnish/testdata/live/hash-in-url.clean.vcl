# The token goes into the URL, which is hashed.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    set req.url = req.url + "?token=" + regsub(req.http.Authorization, "^Bearer ", "");
    return (hash);
}
