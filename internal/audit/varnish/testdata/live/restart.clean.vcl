# The second time round, the request is passed.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.restarts == 0 && req.http.Authorization) {
        set req.http.X-Saved = req.http.Authorization;
        unset req.http.Authorization;
        return (restart);
    }
    if (req.http.X-Saved) {
        return (pass);
    }
}

sub vcl_backend_fetch {
    set bereq.http.Authorization = bereq.http.X-Saved;
}
