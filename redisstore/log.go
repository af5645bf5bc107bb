package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// Log is a PurgeLog of package bearcache, in Redis: entries that all nodes append and follow, under the numbers 1, 2, ...
//
// Redis may lose what it confirmed: a replica that takes over may lack the last entries, a restart may bring back an old
// file, somebody may empty it. Then a number would name another entry than before, and who follows would miss what it never
// saw. So each entry has a tag, which is a digest over all tags before it, and each Store remembers the last one it has
// seen, and shows it with each question. Where the log no longer has that entry under that number, it gets a new epoch
// in the same step, which all others see at their next question. What is left of the entries stays
// under its numbers: of a list of revoked tokens the rest is better than nothing.
//
//	node A appends 9 and 10   the master dies, its replica had 8   node B appends 9', 10', 11'
//	A asks after 10, with the tag of 10. The log has 10' there: a new epoch, and A, B and all others begin again.
//
// What nobody alive has seen is lost without a trace: an entry whose only witness was the node that appended it, if that
// node ends before it asks again. Options.Replicas makes this rare. While a network is divided, the nodes on one side do not see what is
// appended on the other, until it is whole again; min-replicas-to-write bounds for how long.
type Log struct {
	store   *Store
	length  string // how many entries it keeps
	head    string // a hash: epoch, number and tag of the last entry
	entries string // a stream: under the ID number-0 the tag and the entry

	mu   sync.Mutex // guards seen
	seen []seen     // what each question must show, the newest epoch's last
}

// seen is an entry that was the last one of its epoch when it was seen.
type seen struct {
	epoch  string
	number uint64
	tag    string
}

const (
	maxEpochs = 4                      // that are remembered: where a log goes to and fro between servers, they return
	maxEntry  = 64 << 10               // bytes of one entry
	tick      = 200 * time.Millisecond // how late Redis may notice that a command waited too long, generously
	tagLength = 24                     // characters of a tag: 96 bits of a digest
	most      = "1000"                 // entries that Since returns
	mostBytes = "1048576"              // after which it returns no more, so that an answer comes in time
)

// Log returns the log of a name, which keeps Options.LogLength entries. All calls with one name return the same.
func (s *Store) Log(name string) *Log { return s.LogOf(name, s.logLength) }

// LogOf is Log with a length of its own, one or more. Where the log of that name is there already, it has the length that it has.
func (s *Store) LogOf(name string, length int) *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[name]
	if l == nil {
		// In a Cluster what is in braces decides where a key lies: both are on one node.
		tag := s.prefix + ":{log:" + url.QueryEscape(name) + "}:"
		l = &Log{store: s, length: strconv.Itoa(max(length, 1)), head: tag + "head", entries: tag + "log"}
		s.logs[name] = l
	}
	return l
}

// The script of Since writes something each time, and asks whether it might add an entry. So a node that can read the log and not write it, as where Redis is
// full or a replica, has no answer: it must not take for whole what it could not add to.
//
// settle begins both scripts. A log without its last entry, which eviction took while the head stayed, is lost. KEYS are head and entries, ARGV[1] is an epoch for a log that has none, and from
// ARGV[first] on there are epochs, numbers and tags that were seen; a tag may be unknown, and empty. It returns what
// the log is: epoch, number and tag of the last entry.
const settle = `
local function begin()
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'number', '0', 'tag', ARGV[1])
  return ARGV[1], 0, ARGV[1]
end
local function try(...) -- nil: somebody else wrote what is there
  local answer = redis.pcall(...)
  if not answer.err then return answer end
  if string.find(answer.err, '^WRONGTYPE') then return nil end
  return redis.call(...)
end
local function settle(first)
  local head = try('HMGET', KEYS[1], 'epoch', 'number', 'tag')
  if not head then return begin() end
  local epoch, number, tag = head[1], tonumber(head[2] or ''), head[3]
  if not (epoch and number and tag) or not (number >= 0 and number < 2^53 and number % 1 == 0) then return begin() end
  local id = string.format('%.0f', number) .. '-0'
  local last = try('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
  if not last or (last[1] and last[1][1] or '0-0') ~= id then return begin() end
  for i = first, #ARGV, 3 do
    local seen, seenTag = tonumber(ARGV[i+1]), ARGV[i+2]
    if ARGV[i] == epoch then
      local back = seen > number
      if seen == number then
        back = seenTag ~= '' and seenTag ~= tag
      elseif seenTag ~= '' and seen < number and seen > 0 then
        local entry = redis.call('XRANGE', KEYS[2], ARGV[i+1] .. '-0', ARGV[i+1] .. '-0')[1]
        back = entry and string.sub(entry[2][2], 1, 24) ~= seenTag
      end
      if back then
        epoch = ARGV[1]
        redis.call('HSET', KEYS[1], 'epoch', epoch)
        break
      end
    end
  end
  return epoch, number, tag
end
`

// appendScript: ARGV[2] is random, [3] the entry, [4] how many are kept, what was seen begins at [5].
const appendScript = settle + `
local epoch, number, tag = settle(5)
number = number + 1
tag = string.sub(redis.sha1hex(tag .. ARGV[2]), 1, 24)
local id = string.format('%.0f', number)
redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[4], id .. '-0', 'e', tag .. ARGV[3])
redis.call('HSET', KEYS[1], 'number', id, 'tag', tag)
return {epoch, number, tag}
`

// sinceScript: ARGV[2] is the epoch of who asks, [3] the number, [4] and [5] bound the answer in entries and bytes,
// what was seen begins at [6].
const sinceScript = settle + `
local epoch, number, tag = settle(6)
local next = tonumber(ARGV[3]) + 1
if ARGV[2] ~= epoch then next = 1 end
local first, entries, bytes = number + 1, {}, 0
while next <= number and #entries < tonumber(ARGV[4]) and bytes < tonumber(ARGV[5]) do
  local part = redis.call('XRANGE', KEYS[2], string.format('%.0f', next) .. '-0', '+', 'COUNT', 100)
  if #part == 0 then break end
  for _, entry in ipairs(part) do
    local id = tonumber(string.match(entry[1], '^%d+'))
    if #entries > 0 and id ~= next then next = number + 1 break end -- one is gone: the next answer begins behind it
    next = id
    if #entries == 0 then first = next end
    entries[#entries+1] = string.sub(entry[2][2], 25)
    bytes = bytes + #entry[2][2]
    next = next + 1
  end
end
if redis.acl_check_cmd and not redis.acl_check_cmd('XADD', KEYS[2], '*', 'e', '') then -- Redis 7 and Valkey can tell
  return redis.error_reply('NOPERM no permission to run XADD')
end
redis.call('HSET', KEYS[1], 'beat', '1')
return {epoch, number, tag, first, entries}
`

// Append adds an entry of at most 64 KiB under the next number, and returns that and the epoch. If it returns an error
// the entry may stand in the log all the same; and where a connection broke on the way, it may stand there twice.
func (l *Log) Append(ctx context.Context, entry []byte) (epoch string, number uint64, err error) {
	if len(entry) > maxEntry {
		return "", 0, fmt.Errorf("redisstore: append: the entry has %d bytes, more than %d", len(entry), maxEntry)
	}
	shown := l.known()
	args := shown.appendTo([]string{rand.Text(), rand.Text(), string(entry), l.length})
	var wait time.Duration
	if l.store.replicas > 0 {
		wait = l.store.timeout + tick
	}
	answers, err := l.store.do(ctx, "append", wait, func(b rueidis.Builder) rueidis.Commands {
		// The text each time, for WAIT is about what its own connection wrote: there is no second attempt.
		commands := rueidis.Commands{b.Eval().Script(appendScript).Numkeys(2).Key(l.head, l.entries).Arg(args...).Build().ToRetryable()}
		if wait > 0 {
			commands = append(commands, b.Wait().Numreplicas(int64(l.store.replicas)).Timeout(max(1, l.store.timeout.Milliseconds())).Build().ToRetryable())
		}
		return commands
	})
	if err != nil {
		return "", 0, err
	}
	if epoch, number, err = l.note(answers[0], shown); err != nil {
		return "", 0, err
	}
	if len(answers) > 1 {
		if have, _ := answers[1].AsInt64(); have < int64(l.store.replicas) {
			return "", 0, errNotCopied
		}
	}
	return epoch, number, nil
}

var (
	errNotCopied = errors.New("redisstore: append: the entry was added, but too few replicas have it yet: see Options.Replicas")
	errNoLog     = errors.New("redisstore: the answer of a script is not one of ours")
)

// Since returns the log's epoch and the entries after a number, oldest first: at most 1,000, and fewer where they are long. first
// is the number of the first one returned, or the number after the last there is, where there are none. If epoch is not
// the log's, or the log has gone back behind after, or behind anything that this Store has seen, then the answer has
// another epoch and begins with the oldest entry there is. Where first > after+1 in the same epoch, those between were
// trimmed.
func (l *Log) Since(ctx context.Context, epoch string, after uint64) (current string, first uint64, entries [][]byte, err error) {
	shown := l.known()
	args := append(shown, seen{epoch, after, ""}).appendTo([]string{rand.Text(), epoch, strconv.FormatUint(after, 10), most, mostBytes})
	answers, err := l.store.do(ctx, "follow the log", 0, func(b rueidis.Builder) rueidis.Commands {
		return rueidis.Commands{b.Eval().Script(sinceScript).Numkeys(2).Key(l.head, l.entries).Arg(args...).Build().ToRetryable()}
	})
	if err != nil {
		return "", 0, nil, err
	}
	if current, _, err = l.note(answers[0], shown); err != nil {
		return "", 0, nil, err
	}
	parts, _ := answers[0].ToArray()
	if len(parts) != 5 {
		return "", 0, nil, errNoLog
	}
	begin, err1 := parts[3].AsInt64()
	list, err2 := parts[4].ToArray()
	entries = make([][]byte, len(list))
	for i := range list {
		var err error
		entries[i], err = list[i].AsBytes()
		err2 = errors.Join(err2, err)
	}
	if errors.Join(err1, err2) != nil {
		return "", 0, nil, errNoLog
	}
	return current, uint64(begin), entries, nil
}

type marks []seen

func (m marks) appendTo(args []string) []string {
	for _, s := range m {
		args = append(args, s.epoch, strconv.FormatUint(s.number, 10), s.tag)
	}
	return args
}

// known is what was seen, to be shown with a question.
func (l *Log) known() marks {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.seen)
}

// note reads what both scripts answer first, the epoch and the last entry, and remembers it in place of what was shown of
// that epoch: who has this entry has those. What was seen since the question was asked stays, for this answer may
// be of a server that does not have it:
//
//	1: asks the old master   2: asks the new one   1: told of 10, by the old   2: told of 10', by the new
//	Both remain, and the next question shows both. Keeping the last alone would lose 10.
func (l *Log) note(answer rueidis.RedisResult, shown marks) (string, uint64, error) {
	parts, err := answer.ToArray()
	if err != nil || len(parts) < 3 {
		return "", 0, errNoLog
	}
	epoch, err1 := parts[0].ToString()
	number, err2 := parts[1].AsInt64()
	tag, err3 := parts[2].ToString()
	if errors.Join(err1, err2, err3) != nil {
		return "", 0, errNoLog
	}
	now := seen{epoch, uint64(number), tag}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = slices.DeleteFunc(l.seen, func(s seen) bool {
		return s == now || s.epoch == epoch && slices.Contains(shown, s)
	})
	l.seen = append(l.seen, now)
	for l.epochs() > maxEpochs {
		oldest := l.seen[0].epoch
		l.seen = slices.DeleteFunc(l.seen, func(s seen) bool { return s.epoch == oldest })
	}
	return epoch, uint64(number), nil
}

// epochs counts those that something was seen of. The caller holds l.mu.
func (l *Log) epochs() int {
	different := map[string]bool{}
	for _, s := range l.seen {
		different[s.epoch] = true
	}
	return len(different)
}
