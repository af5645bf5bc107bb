vcl 4.1;

backend default {
    .host = "@app.host@";
    .port = "@app.port@";
}

sub vcl_recv {
    if (!req.http.Authorization) {
        return (synth(401, "Unauthorized"));
    }
    return (hash);
}
