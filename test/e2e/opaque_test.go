package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/programtest"
	"github.com/bearcache/bearcache/test/rawtest"
)

// raw is an origin that answers each request with bytes as they stand: those that the last segment but
// one of the path is the key of, with the token that the request presents in them.
func (w *world) raw(answers map[string]string) (base string) {
	w.t.Helper()
	return "http://" + rawtest.Serve(w.t, func(conn net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		io.WriteString(conn, strings.ReplaceAll(answers[strings.Split(r.URL.Path, "/")[1]], "TOKEN", token))
		if strings.HasPrefix(r.URL.Path, "/more/") { // the gateway keeps the connection, and finds what follows on it
			time.Sleep(100 * time.Millisecond)
			io.WriteString(conn, token)
		}
	})
}

// Opaque tokens, presented in every listed way and as a segment of the path too, to an origin that
// sends them back where HTTP has no room for them.
func TestOpaqueTokens(t *testing.T) {
	t.Parallel()
	w := opaqueWorld(t)
	answers := map[string]string{
		"good":     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\nCache-Control: max-age=60\r\n\r\nok", // it does close
		"field":    "HTTP/1.1 200 OK\r\nEcho TOKEN\r\n\r\n",
		"length":   "HTTP/1.1 200 OK\r\nContent-Length: TOKEN\r\n\r\n",
		"encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: TOKEN\r\n\r\n",
		"line":     "TOKEN\r\n\r\n",
		"status":   "HTTP/1.1 TOKEN OK\r\n\r\n",
		"nothing":  "",
		"more":     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	}
	for i, format := range []string{"text", "json"} {
		base, _ := w.gateway(w.raw(answers), "--log", format)
		w.ask("GET", base+"/more/"+w.tokens["alice"], w.tokens["alice"])
		for range 100 { // until what nobody asked for has arrived at this gateway too
			if strings.Count(w.dump("gateway stderr"), "nobody had asked for") > i {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		for name := range answers {
			if name == "more" {
				continue
			}
			for _, token := range w.tokens {
				for range 2 {
					want := 502
					if strings.Contains(answers[name], "200 OK\r\nC") && name != "length" {
						want = 200
					}
					if got := w.ask("GET", base+"/"+name+"/"+token, token); got.status != want {
						t.Errorf("%s: %d", name, got.status)
					}
				}
				w.ask("GET", base+"/"+name+"/x", token, "Cookie: a="+token)
				w.ask("GET", base+"/"+name+"/"+token[:10]+"/"+token[10:], "", "X-Api-Key: "+token, "X-Vault-Token: "+token)
				w.ask("POST", base+"/"+name+"/"+token, token)
				w.ask("TRACE", base+"/"+name+"/"+token, token)
			}
		}
	}
	_, stderr, code := w.bearcache(w.tokens["alice"])
	if code != 2 || !strings.Contains(stderr, "there is no such command") {
		t.Errorf("%d %s", code, stderr)
	}
	w.noTokenAnywhere()
	for _, want := range []string{"status=502", "malformed response", "nobody had asked for", "[hmac-sha256:"} {
		if !strings.Contains(w.dump("gateway"), want) {
			t.Errorf("no %q:\n%.3000s", want, w.dump("gateway"))
		}
	}
}

// The reader of the access log stops reading, or goes away. Neither ends the gateway, and neither keeps
// it from ending when it is told to.
func TestReaderOfTheLog(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		t.Run(fmt.Sprintf("gone %v", gone), func(t *testing.T) {
			w := opaqueWorld(t)
			upstream := w.raw(map[string]string{"a": "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"})
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			cmd := exec.Command(programtest.Bearcache, "serve", "--upstream", upstream, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stdout = writer
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			defer cmd.Process.Kill()
			lines := bufio.NewReader(errs)
			first, _ := lines.ReadString('\n')
			second, _ := lines.ReadString('\n')
			rest := make(chan string, 1)
			go func() {
				text, _ := io.ReadAll(lines)
				rest <- string(text)
			}()
			_, base, _ := strings.Cut(first, "listening on ")
			base, _, _ = strings.Cut(base, ",")
			_, admin, _ := strings.Cut(strings.TrimSpace(second), "admin on ")
			if gone {
				reader.Close()
			}
			for range 600 { // lines of more than a hundred bytes: a pipe holds 64 KiB
				w.ask("GET", base+"/a", "")
			}
			stats := w.ask("GET", admin+"/api/v1/stats", "")
			if stats.status != 200 || strings.Contains(stats.body, `"log_lines_dropped":0`) == gone {
				t.Errorf("%d %s", stats.status, stats.body)
			}
			cmd.Process.Signal(syscall.SIGTERM)
			select {
			case text := <-rest: // to its end; before that Wait would take the pipe away
				if err := cmd.Wait(); err != nil {
					t.Errorf("it ended with %v", err)
				}
				for _, want := range []string{"the access log cannot be written; its lines are lost until it can", "broken pipe", "lines of the access log could not be written"} {
					if n := strings.Count(text, want); n > 1 || (n == 1) != gone {
						t.Errorf("%q is said %d times in %s", want, n, text)
					}
				}
			case <-time.After(30 * time.Second):
				t.Error("it does not end")
			}
		})
	}
}
