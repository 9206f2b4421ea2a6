// Answers like the native solc for the two questions that build tools ask: --version and --standard-json. With
// --serve it answers one standard JSON a line, and ends with its input: a compiler that is warm takes half the time.
'use strict'
const fs = require('fs')
const path = require('path')

const args = process.argv.slice(2)
const flagValues = (flag) => args.flatMap((arg, at) => (arg === flag ? [args[at + 1]] : []))

function findImport (folders, name) {
  const found = folders.map((folder) => path.resolve(folder, name)).find((file) => fs.existsSync(file))
  return found ? { contents: fs.readFileSync(found, 'utf8') } : { error: `File not found: ${name}` }
}

function compileStandardJson (solc) {
  const at = args.indexOf('--standard-json')
  const next = args[at + 1]
  const source = next && !next.startsWith('-') ? next : 0
  const folders = [...flagValues('--base-path'), ...flagValues('--include-path'), '.']
  const answer = solc.compile(fs.readFileSync(source, 'utf8'), { import: (name) => findImport(folders, name) })
  writeAll(Buffer.from(answer))
}

function serve (solc) {
  const lines = require('readline').createInterface({ input: process.stdin })
  lines.on('line', (line) => writeAll(Buffer.from(solc.compile(line) + '\n')))
}

// A pipe may take less than it is given.
function writeAll (bytes) {
  for (let written = 0; written < bytes.length;) {
    try {
      written += fs.writeSync(1, bytes, written)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

const solc = require('solc')
if (args.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`)
} else if (args.includes('--standard-json')) {
  compileStandardJson(solc)
} else if (args.includes('--serve')) {
  serve(solc)
} else {
  console.error(`solc: only --version and --standard-json are answered, not ${args.join(' ')}`)
  process.exit(1)
}
