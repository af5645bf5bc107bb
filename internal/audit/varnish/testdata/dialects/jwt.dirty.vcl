# The token is verified, and whose it is forgotten.
vcl 4.1;
import jwt;

sub vcl_init {
    new reader = jwt.reader();
}

sub vcl_recv {
    reader.parse(regsub(req.http.Authorization, "^Bearer ", ""));
    if (!reader.verify("secret", "HS256")) {
        return (synth(401));
    }
    return (hash); # want: varnish/hash-ignores-authorization
}
