# What is stored is given to all.
sub vcl_recv {
#FASTLY recv
    if (req.http.X-Quick) {
        unset req.http.Authorization; # want: varnish/strips-authorization
        unset req.http.Cookie;
    }
    if (req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
    return (lookup);
}
