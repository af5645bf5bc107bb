sub vcl_deliver {
    # Where the API itself cannot be changed: nobody behind Varnish keeps what a bearer was answered.
    if (req.http.Authorization) {
        unset resp.http.Expires;
        set resp.http.Cache-Control = "no-store";
    }
}
