# A subroutine returns before the check.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub decide {
    if (req.method == "GET") {
        return (hash); # want: varnish/hash-ignores-authorization
    }
}

sub vcl_recv {
    call decide;
    if (req.http.Authorization) {
        return (pass);
    }
}
