package main

import (
	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/audit/apache"
	"github.com/bearcache/bearcache/internal/audit/flask"
	"github.com/bearcache/bearcache/internal/audit/nginx"
)

// languages are what audit reads.
var languages = []audit.Language{flask.Language, nginx.Language, apache.Language}
