# What each service of Fastly's begins with says nothing of tokens.
table hosts { "a.example": "b", }

sub vcl_recv {
#FASTLY recv
    declare local var.host STRING;
    set var.host = table.lookup(hosts, req.http.host, "none");
    if (req.request != "HEAD" && req.request != "GET" && req.request != "FASTLYPURGE") {
        return (pass);
    }
    return (lookup);
}

sub vcl_fetch {
#FASTLY fetch
    if (beresp.http.Cache-Control ~ "private") {
        return (pass);
    }
    set beresp.ttl = 3600s;
    return (deliver);
}
