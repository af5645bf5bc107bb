# The return stands in comments and in strings.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    # return (hash);
    // return (hash);
    /* return (hash); */
    set req.http.X-Note = {"return (hash);"};
    set req.http.X-Note = """return (hash);""";
}
