vcl 4.1;

backend default {
    .host = "@app.host@";
    .port = "@app.port@";
}

include "@varnish@";
