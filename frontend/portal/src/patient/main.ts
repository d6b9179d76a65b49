import { mount } from 'svelte'
import '../../../shared/tokens.css'
import '../pages.css'
import Page from './Page.svelte'
import { visit } from './visit.svelte'

visit.begin() // first of all: a link's token leaves the address bar
mount(Page, { target: document.getElementById('page') ?? document.body })
