# The field that should have it passed never has that value.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    set req.http.X-Pass = "no";
    if (req.http.Authorization) {
        set req.http.X-Pass = "yes";
    }
    if (req.http.X-Pass == "true") {
        return (pass);
    }
    return (hash); # want: varnish/hash-ignores-authorization
}
