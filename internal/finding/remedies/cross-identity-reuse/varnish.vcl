sub vcl_recv {
    # As the built-in VCL does, which a return (hash) of your own skips. It stands above that.
    if (req.http.Authorization) {
        return (pass);
    }
}
