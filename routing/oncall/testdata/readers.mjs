// Reads iCalendar files with ical.js or node-ical, from the modules of the frontend, and prints "file start end summary" an event, in UTC.
//   node readers.mjs ical.js|node-ical frontend/package.json FILE...
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const [which, packages, ...files] = process.argv.slice(2)
const load = createRequire(resolve(packages))

function icalJs(text) {
  const ICAL = load('ical.js').default ?? load('ical.js')
  ICAL.TimezoneService.reset()
  const calendar = new ICAL.Component(ICAL.parse(text))
  for (const zone of calendar.getAllSubcomponents('vtimezone')) {
    ICAL.TimezoneService.register(new ICAL.Timezone(zone))
  }
  return calendar.getAllSubcomponents('vevent').map((c) => {
    const event = new ICAL.Event(c)
    return [event.startDate.toUnixTime() * 1000, event.endDate.toUnixTime() * 1000, event.summary]
  })
}

function nodeIcal(text) {
  const events = Object.values(load('node-ical').sync.parseICS(text)).filter((e) => e.type === 'VEVENT')
  return events.map((e) => [e.start.getTime(), e.end.getTime(), e.summary])
}

for (const file of files) {
  const read = which === 'ical.js' ? icalJs : nodeIcal
  for (const [start, end, summary] of read(readFileSync(file, 'utf8'))) {
    console.log(file, new Date(start).toISOString().slice(0, 19) + 'Z', new Date(end).toISOString().slice(0, 19) + 'Z', summary)
  }
}
