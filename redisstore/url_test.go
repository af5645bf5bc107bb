package redisstore

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestURL(t *testing.T) {
	for url, want := range map[string]location{
		"redis://cache":                          {hosts: []string{"cache:6379"}},
		"redis://cache/":                         {hosts: []string{"cache:6379"}},
		"redis://127.0.0.1:7000/2":               {hosts: []string{"127.0.0.1:7000"}, db: 2},
		"valkey://cache:1":                       {hosts: []string{"cache:1"}},
		"redis://[::1]:7000":                     {hosts: []string{"[::1]:7000"}},
		"redis://[::1]":                          {hosts: []string{"[::1]:6379"}},
		"rediss://cache":                         {hosts: []string{"cache:6379"}, tls: true},
		"valkeys://cache":                        {hosts: []string{"cache:6379"}, tls: true},
		"redis://:secret@cache":                  {hosts: []string{"cache:6379"}, password: "secret"},
		"redis://user@cache":                     {hosts: []string{"cache:6379"}, user: "user"},
		"redis://user:p%40%3A%2F%3F%23%25@cache": {hosts: []string{"cache:6379"}, user: "user", password: "p@:/?#%"},
		"redis://a,b:7000?cluster=true":          {hosts: []string{"a:6379", "b:7000"}, cluster: true},
		"rediss://u:p@a,b/0?cluster=1":           {hosts: []string{"a:6379", "b:6379"}, cluster: true, tls: true, user: "u", password: "p"},
		"redis://a?cluster=false":                {hosts: []string{"a:6379"}},
		"redis+sentinel://a,b:7/3?master=m":      {hosts: []string{"a:26379", "b:7"}, master: "m", db: 3},
		"rediss+sentinel://u:p@a?master=main":    {hosts: []string{"a:26379"}, master: "main", tls: true, user: "u", password: "p"},
		"unix:///run/redis.sock":                 {socket: "/run/redis.sock"},
		"unix://u:p@/run/redis.sock?db=4":        {socket: "/run/redis.sock", user: "u", password: "p", db: 4},
	} {
		got, err := parse(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(location{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
	}
}

// Each is refused, in words that tell what is wrong and none of what was written.
func TestURLRefused(t *testing.T) {
	const secret = "hunter2"
	for url, why := range map[string]string{
		"":                                         "does not begin",
		secret:                                     "does not begin",
		"cache:6379":                               "does not begin",
		"http://" + secret:                         "does not begin",
		"REDIS://cache":                            "does not begin",
		"redis://":                                 "no host",
		"redis:///0":                               "no host",
		"redis://u:" + secret + "@":                "no host",
		"redis://u:" + secret + "@/0":              "no host",
		"redis://a b":                              "no host",
		"redis://a,":                               "no host",
		"redis://" + secret + "%":                  "no host",
		"redis://a:0":                              "port",
		"redis://a:":                               "port",
		"redis://a:+1":                             "port",
		"redis://a:65536":                          "port",
		"redis://a:" + secret:                      "port",
		"redis://::1":                              "no host",
		"redis://[" + secret + "]":                 "IPv6",
		"redis://[::1":                             "",
		"redis://a/" + secret:                      "database",
		"redis://a/-1":                             "database",
		"redis://a/0/1":                            "database",
		"redis://a?" + secret + "=1":               "parameter",
		"redis://a?db=1":                           "parameter",
		"redis://a?master=m":                       "parameter",
		"redis://a?skip_verify=true":               "parameter",
		"redis://a?cluster=" + secret:              "cluster",
		"redis://a?cluster=true&cluster=true":      "twice",
		"redis://a?cluster=%zz":                    "malformed",
		"redis://a/1?cluster=true":                 "database 0",
		"redis://a,b":                              "several hosts",
		"redis://a,b?cluster=false":                "several hosts",
		"redis+sentinel://a":                       "master",
		"redis+sentinel://a?master=":               "master",
		"redis+sentinel://a?master=a%0Ab":          "master",
		"redis+sentinel://a?master=m&cluster=true": "parameter",
		"unix://run/redis.sock":                    "absolute",
		"unix:///run/redis.sock?cluster=true":      "parameter",
		"redis://a#" + secret:                      "fragment",
		"redis://u:" + secret + "#@a":              "fragment",
		"redis://u:" + secret + "?x@a":             "",
		"redis://u:" + secret + "/x@a":             "%2F",
		"redis://u:" + secret + "@x@a":             "%40",
		"redis://u:" + secret + ":x@a":             "%3A",
		"redis://u:" + secret + "%@a":              "%25",
		"redis://u:" + secret + "%zz@a":            "%25",
	} {
		_, err := parse(url)
		if err == nil {
			t.Errorf("%s: taken", url)
			continue
		}
		if !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", url, err)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: repeated: %v", url, err)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", Options{URL: url}, Options{URL: url}, Options{URL: url}, &Options{URL: url}); strings.Contains(text, secret) {
			t.Errorf("%s: printed: %s", url, text)
		}
	}
}

// What is taken never shows its password, and names a place that can be dialled.
func FuzzURL(f *testing.F) {
	for _, url := range []string{"redis://u:p@h:1/2", "redis://a,b?cluster=true", "redis+sentinel://:p@a/1?master=m", "unix:///s?db=1", "rediss://[::1]"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		at, err := parse(url)
		if err != nil {
			return
		}
		if len(at.hosts) == 0 && at.socket == "" {
			t.Error("nowhere")
		}
		before, _, _ := strings.Cut(at.String(), "Redis at ")
		if before != "" || fmt.Sprintf("%+v", Options{URL: url}) != fmt.Sprintf("{%s prefix \"\" timeout 0s}", at) {
			t.Error("printed otherwise")
		}
		at2 := at
		at2.user, at2.password = "someone", "something"
		if at.String() != at2.String() {
			t.Error("who asks is in the text")
		}
	})
}
