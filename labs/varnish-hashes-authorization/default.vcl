vcl 4.1;

backend default {
    .host = "@app.host@";
    .port = "@app.port@";
}

sub vcl_recv {
    return (hash);
}

sub vcl_hash {
    hash_data(req.http.Authorization);
}

sub vcl_deliver {
    set resp.http.X-Hits = obj.hits;
}
