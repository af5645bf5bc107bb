vcl 4.1;

backend default {
    .host = "@app.host@";
    .port = "@app.port@";
}

include "@varnish@";

# What stands here before and after gives one reader's answer to others too. That is another rule's: with the requests that
# carry Authorization passed, no error would come out of the store, and nothing would be seen of the remedy.
sub vcl_recv {
    if (req.url ~ "^/api/account") {
        return (hash);
    }
}

sub vcl_backend_response {
    set beresp.ttl = 2s;
    return (deliver);
}
