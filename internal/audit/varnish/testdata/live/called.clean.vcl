# The subroutine returns to the check.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub decide {
    if (req.method == "GET") {
        set req.http.X-Read = "yes";
    }
}

sub vcl_recv {
    call decide;
    if (req.http.Authorization) {
        return (pass);
    }
}
