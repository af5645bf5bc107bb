# Varnish 2 hashes by an assignment, and has states without return.
sub vcl_recv {
    if (req.request != "GET") { pass; }
    if (!req.http.Authorization) { error 401 "Unauthorized"; }
    lookup;
}

sub vcl_hash {
    set req.hash += req.url;
    set req.hash += req.http.Authorization;
    hash;
}

sub vcl_fetch { deliver; }
