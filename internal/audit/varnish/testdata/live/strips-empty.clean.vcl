# The field is emptied, and the request passed.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    set req.http.Authorization = "";
    return (pass);
}
