package scan

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
)

// buffers are what bodies are read into.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (c *courier) read(e *exchange, resp *http.Response, presented []credential, keep int) {
	hash := sha256.New()
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	_, err := buffer.ReadFrom(io.TeeReader(io.LimitReader(resp.Body, comparedBody), hash))
	start := buffer.Bytes() // until this returns
	if err == nil {
		var n int64
		n, err = io.Copy(hash, io.LimitReader(resp.Body, maxBody-comparedBody))
		e.cut = n == maxBody-comparedBody
	}
	if err != nil {
		e.err = c.plain(fmt.Errorf("read the response: %w", err))
		return
	}
	e.status, e.header = resp.StatusCode, resp.Header
	start = decompressed(start, resp.Header)
	e.echoes = echoesOf(presented, start, resp.Header)
	says, fields := start, resp.Header
	if e.redirects() {
		// Where it leads, as a whole, is what a redirect says; its body repeats that at most.
		location := resp.Header.Get("Location")
		says, start = nil, append([]byte("Location: "+location+"\n"), start...)
		io.WriteString(hash, location)
		fields = maps.Clone(fields)
		fields.Del("Content-Length")
	}
	var sum [sha256.Size]byte
	hash.Sum(sum[:0])
	e.content = c.contentOf(says, fields, sum)
	e.body = bytes.Clone(start[:min(len(start), keep)])
}

// contentOf takes a response apart, unless one was that said the same.
func (c *courier) contentOf(body []byte, h http.Header, sum [sha256.Size]byte) *content {
	var said content
	said.fields(h, false)
	key := struct {
		sum              [sha256.Size]byte
		encoding, fields string
	}{sum, h.Get("Content-Encoding"), said.text}
	if found, ok := c.contents.Load(key); ok {
		return found.(*content)
	}
	brief := c.compared.Add(int64(len(body))) > maxCompared
	found, _ := c.contents.LoadOrStore(key, newContent(body, h, sum, brief))
	return found.(*content)
}

// decompressed undoes gzip, which some servers use although they were asked not to; of a body that
// is cut or broken, as far as it goes.
func decompressed(body []byte, h http.Header) []byte {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return body
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	plain, _ := io.ReadAll(io.LimitReader(r, comparedBody))
	return plain
}
