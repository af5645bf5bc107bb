// The suite as it is on disk. Two layouts are known: the release on npm keeps its client and server at
// the top, later ones below test-engine/.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export function openSuite (dir) {
  const root = resolve(dir)
  if (!existsSync(join(root, 'tests', 'index.mjs'))) die(`${dir} is not the suite: it has no tests/index.mjs`)
  const nested = existsSync(join(root, 'test-engine'))
  const load = (...path) => import(pathToFileURL(join(root, ...path)).href)
  return {
    manifest: join(root, 'package.json'),
    nested,
    engine: (...path) => load(nested ? 'test-engine' : '.', ...path),
    // All groups of tests. The release leaves one out of its index, and its own client adds it.
    async groups () {
      const groups = [...(await load('tests', 'index.mjs')).default]
      const extra = 'surrogate-control.mjs'
      if (existsSync(join(root, 'tests', extra))) {
        const group = (await load('tests', extra)).default
        if (!groups.some(g => g.id === group.id)) groups.push(group)
      }
      return groups
    }
  }
}

// testsById lists what runs from a command line: id -> { id, group, kind, needs }. Kinds are the
// suite's, but its "optimal" is called optional here, and a test that names no kind is required.
export function testsById (groups) {
  const tests = new Map()
  for (const group of groups) {
    for (const test of group.tests) {
      if (test.browser_only === true) continue
      if (tests.has(test.id)) throw new Error(`the suite has two tests ${test.id}`)
      const kind = test.kind === 'optimal' ? 'optional' : test.kind ?? 'required'
      tests.set(test.id, { id: test.id, group: group.id, kind, needs: test.depends_on ?? [] })
    }
  }
  return tests
}

// withNeeds adds to ids whatever they depend on, however far away: without those they have no verdict.
export function withNeeds (tests, ids) {
  const all = new Set()
  const add = id => {
    if (all.has(id)) return
    if (!tests.has(id)) throw new Error(`the suite has no test ${id}`)
    all.add(id)
    tests.get(id).needs.forEach(add)
  }
  ids.forEach(add)
  return all
}

// die ends a program that was called wrongly, or that cannot begin.
export function die (why) {
  console.error(why)
  process.exit(2)
}
