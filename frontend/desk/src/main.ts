import '@fontsource-variable/atkinson-hyperlegible-next'
import { mount } from 'svelte'
import '../../shared/tokens.css'
import App from './App.svelte'
import { go } from './link/go'
import { clock } from './state/clock.svelte'
import { desk } from './state/desk.svelte'
import { hands } from './state/hands.svelte'
import { lock } from './state/lock.svelte'

// An error of the page goes into the desk's log by its place in the code; its words could hold what somebody typed.
addEventListener('error', (e) => void go().Log(`${e.filename}:${e.lineno}:${e.colno}`))
addEventListener(
  'unhandledrejection',
  (e) => void go().Log(e.reason instanceof Error ? (e.reason.stack ?? '').replace(/^.*\n/, '') : 'a promise'),
)

clock.run()
hands.watch()
lock.watch()
mount(App, { target: document.getElementById('desk') ?? document.body })
void desk.begin()
