sub vcl_recv {
    # It is logged all the same: have varnishncsa write %U in the place of %r, which has the query.
    if (req.url ~ "(?i)[?&](access(_|%5f)token|token|api(_|%5f)key|jwt)=") {
        return (synth(400));
    }
}
