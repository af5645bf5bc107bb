#!/usr/bin/env node
// Counts what run.mjs found.
//
// A test passes if it did and so did all that it depends on, however far away: the suite's public
// pages count like this. "raw" leaves dependencies aside. The states of the others:
//
//   fail     the proxy did what it must not, or not what it should
//   setup    it never came to the question: what leads there went otherwise
//   dep      something that it depends on does not pass
//   abort    a request had no answer in time
//   retry    the proxy repeated a request, which the test cannot tell from another answer
//   missing  it did not run

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { die, openSuite, testsById } from './suite.mjs'

const KINDS = ['required', 'optional', 'check']
const STATES = ['pass', 'fail', 'setup', 'dep', 'abort', 'retry', 'missing']
const usage = `usage: score.mjs RESULTS.json SUITE_DIR [options]
  --json            everything, for programs
  --groups          a line for each group of tests too
  --list STATE,...  the tests in these states too: ${STATES.join(', ')}
  --kind KIND       of these, only ${KINDS.join(', ')}
  --min-required N, --min-optional N, --must ID,...
                    exit 1 where fewer pass, or one of these does not`

function options () {
  const text = { type: 'string' }
  const flag = { type: 'boolean' }
  let values, positionals
  try {
    ({ values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: flag, groups: flag, list: text, kind: text, 'min-required': text, 'min-optional': text, must: text }
    }))
  } catch (e) {
    die(`${e.message}\n${usage}`)
  }
  const list = values.list?.split(',') ?? []
  const minimum = {}
  for (const kind of ['required', 'optional']) {
    const n = values[`min-${kind}`]
    if (n !== undefined && !/^\d+$/.test(n)) die(`--min-${kind} takes a number\n${usage}`)
    minimum[kind] = Number(n ?? 0)
  }
  if (positionals.length !== 2 || list.some(s => !STATES.includes(s)) || (values.kind && !KINDS.includes(values.kind))) die(usage)
  return { ...values, list, minimum, must: values.must?.split(',') ?? [], results: positionals[0], suite: positionals[1] }
}

// own is the state of a result by itself.
function own (result) {
  if (result === undefined) return 'missing'
  if (result === true) return 'pass'
  const [name, message] = result
  if (name === 'Setup') return message === 'retry' ? 'retry' : 'setup'
  return name === 'AbortError' ? 'abort' : 'fail'
}

function judge (tests, results) {
  const states = new Map()
  const state = id => {
    if (!states.has(id)) {
      states.set(id, own(results[id])) // what a circle of dependencies finds
      const needs = tests.get(id)?.needs ?? []
      if (results[id] !== undefined && needs.some(n => state(n) !== 'pass')) states.set(id, 'dep')
    }
    return states.get(id)
  }
  return [...tests.values()].map(({ needs, ...test }) => ({
    ...test,
    state: state(test.id),
    raw: results[test.id] === true,
    why: Array.isArray(results[test.id]) ? results[test.id].join(': ') : ''
  }))
}

function count (rows) {
  const counts = {}
  for (const kind of KINDS) {
    const of = rows.filter(r => r.kind === kind)
    counts[kind] = { total: of.length, raw: of.filter(r => r.raw).length }
    for (const s of STATES) counts[kind][s] = of.filter(r => r.state === s).length
  }
  return counts
}

function print ({ kinds, groups, tests, unknown, problems }) {
  const names = { required: 'required passed', optional: 'optional passed', check: 'checks yes' }
  for (const [kind, name] of Object.entries(names)) {
    const c = kinds[kind]
    const others = STATES.filter(s => s !== 'pass').map(s => `${s} ${c[s]}`).join(', ')
    console.log(`${name.padEnd(15)} ${c.pass}/${c.total}  (${others}; raw ${c.raw})`)
  }
  if (o.groups) {
    for (const [id, g] of Object.entries(groups)) {
      console.log(`group ${id.padEnd(18)} ${KINDS.map(k => `${k} ${g[k].pass}/${g[k].total}`).join('  ')}`)
    }
  }
  const show = (title, rows, line) => {
    if (rows.length) console.log(`${title} (${rows.length}):\n${rows.map(r => `  ${r.id}  [${r.group}] ${line(r)}`).join('\n')}`)
  }
  const required = tests.filter(r => r.kind === 'required')
  show('required failing', required.filter(r => r.state === 'fail'), r => r.why)
  show('required undecided', required.filter(r => !['pass', 'fail'].includes(r.state)), r => `${r.state} ${r.why}`)
  for (const s of o.list) show(s, tests.filter(r => r.state === s && (o.kind ?? r.kind) === r.kind), r => `${r.kind} ${r.why}`)
  if (unknown.length) console.log(`results of tests that this suite does not have (${unknown.length}): ${unknown.join(' ')}`)
  for (const p of problems) console.log(`GATE: ${p}`)
}

const o = options()
const results = JSON.parse(readFileSync(o.results, 'utf8'))
const byId = testsById(await openSuite(o.suite).groups())
const tests = judge(byId, results)
const kinds = count(tests)
const groups = Object.fromEntries([...new Set(tests.map(t => t.group))].map(g => [g, count(tests.filter(t => t.group === g))]))
const unknown = Object.keys(results).filter(id => !byId.has(id))

const problems = []
for (const [kind, n] of Object.entries(o.minimum)) {
  if (kinds[kind].pass < n) problems.push(`${kind}: ${kinds[kind].pass} pass, ${n} are wanted`)
}
const passing = new Set(tests.filter(t => t.state === 'pass').map(t => t.id))
const lacking = o.must.filter(id => !passing.has(id))
if (lacking.length) problems.push(`not passing: ${lacking.join(' ')}`)

if (o.json) console.log(JSON.stringify({ kinds, groups, tests, unknown, problems }, null, 2))
else print({ kinds, groups, tests, unknown, problems })
process.exitCode = problems.length ? 1 : 0
