# And it is hashed on the way.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.http.Authorization) {
        set req.http.X-Saved = req.http.Authorization;
        unset req.http.Authorization;
    }
}

sub vcl_hash {
    hash_data(req.http.X-Saved);
}

sub vcl_backend_fetch {
    if (bereq.http.X-Saved) {
        set bereq.http.Authorization = bereq.http.X-Saved;
        unset bereq.http.X-Saved;
    }
}
