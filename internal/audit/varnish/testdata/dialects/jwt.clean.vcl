# The token is verified, and whose it is hashed.
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
    set req.http.X-Caller = reader.get_claim("sub");
    return (hash);
}

sub vcl_hash {
    hash_data(req.http.X-Caller);
}
