import '@fontsource-variable/atkinson-hyperlegible-next'
import { mount } from 'svelte'
import '../../shared/tokens.css'
import './pages.css'
import App from './App.svelte'
import { clock } from './state/clock.svelte'
import { place } from './state/place.svelte'
import { session } from './state/session.svelte'
import { text } from './state/text.svelte'

place.begin() // first of all: a link's token leaves the address bar
text.begin()
clock.run()
mount(App, { target: document.getElementById('page') ?? document.body })
void session.begin()
