package main

import (
	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/audit/apache"
	"github.com/bearcache/bearcache/internal/audit/flask"
	"github.com/bearcache/bearcache/internal/audit/nginx"
	"github.com/bearcache/bearcache/internal/audit/varnish"
)

// languages are what audit reads.
var languages = []audit.Language{flask.Language, nginx.Language, varnish.Language, apache.Language}
