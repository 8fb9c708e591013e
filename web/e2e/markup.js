async () => {
  const faults = []
  const all = [...document.querySelectorAll('*')]
  const tell = (what, e) => faults.push(`${what}: ${e.outerHTML.slice(0, 160)}`)
  for (const e of all) {
    for (const { name, value } of e.attributes) {
      if (name === 'style' || name.startsWith('on')) tell('inline ' + name, e)
      if (/^(href|src|action|formaction)$/.test(name) && /^\s*(javascript|data|vbscript):/i.test(value)) tell('script in ' + name, e)
    }
    if (e.matches('style, script:not([src])')) tell('inline code', e)
  }

  const sprites = {}
  for (const use of document.querySelectorAll('use')) {
    const [url, id] = (use.getAttribute('href') || '').split('#')
    sprites[url] ??= await (await fetch(url)).text()
    if (!id || !sprites[url].includes(`id="${id}"`)) tell('no such icon', use)
  }

  // Everything that names another element of the page by its id.
  for (const name of ['data-dialog', 'data-copy-from', 'popovertarget', 'for', 'form', 'aria-labelledby', 'aria-describedby', 'aria-controls']) {
    for (const e of document.querySelectorAll(`[${name}]`)) {
      for (const id of e.getAttribute(name).split(' ')) if (!document.getElementById(id)) tell(`${name}="${id}" leads nowhere`, e)
    }
  }
  for (const a of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(a.getAttribute('href').slice(1))) tell('no such place', a)
  const ids = all.map((e) => e.id).filter(Boolean)
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push(`two elements with id="${id}"`)
  if (!/^.+ \| Keydesk$/.test(document.title)) faults.push('title: ' + document.title)
  return faults
}
