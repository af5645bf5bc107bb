# One name and password guards a whole site, and is consumed.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.http.Authorization != "Basic c3RhZ2luZzpzdGFnaW5n") {
        return (synth(401));
    }
    unset req.http.Authorization;
    return (hash);
}
