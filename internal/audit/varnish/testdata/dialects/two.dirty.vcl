# Varnish 2 hashes by an assignment, and has states without return.
sub vcl_recv {
    if (req.request != "GET") { pass; }
    if (!req.http.Authorization) { error 401 "Unauthorized"; }
    lookup; # want: varnish/hash-ignores-authorization
}

sub vcl_hash {
    set req.hash += req.url;
    hash;
}

sub vcl_fetch { deliver; }
