// Package redact keeps credentials out of what people and programs read: logs, errors, reports.
//
//   - [Secret] is a string that no verb, encoder or logger prints.
//   - [Redactor] replaces credentials in text, URLs and header fields by keyed digests.
//   - [Handler] does so for everything that passes through log/slog.
//
// A digest looks like hmac-sha256:9f2c41d07ab3. It is an HMAC, not a hash: without the key nobody can
// test a guess against it (CWE-532, CWE-916), and with one key all lines about one credential carry the
// same digest, so that they can still be put together.
package redact
