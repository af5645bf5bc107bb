# A token is asked for, and no longer looked at.
sub vcl_recv {
#FASTLY recv
    if (!req.http.Authorization) {
        error 601 "token";
    }
    if (req.http.Cookie:lang == "de") {
        set req.http.X-Lang = "de";
    }
    return (lookup); # want: varnish/hash-ignores-authorization
}

sub vcl_fetch {
#FASTLY fetch
    set beresp.ttl = 3600s;
    return (deliver);
}
