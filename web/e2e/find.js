(role, name) => {
  const clickable = 'a[href], button, summary, [role="button"], input[type="radio"], input[type="checkbox"], input[type="submit"]'
  const field = 'input:not([type="hidden"]), select, textarea'
  const clean = (s) => (s || '').replace(/\s+/g, ' ').trim()
  const shown = (e) => {
    if (e.nodeType === Node.TEXT_NODE) return e.data
    if (e.nodeType !== Node.ELEMENT_NODE || e.ariaHidden === 'true' || !e.checkVisibility({ visibilityProperty: true })) return ''
    return ' ' + [...e.childNodes].map(shown).join('') + ' '
  }
  const names = (e) => {
    const list = [e.getAttribute('aria-label'), shown(e), e.value]
    for (const l of e.labels || []) list.push(l.innerText, l.firstChild && l.firstChild.textContent)
    for (const id of (e.getAttribute('aria-labelledby') || '').split(' ')) {
      const l = id && document.getElementById(id)
      if (l) list.push(l.innerText)
    }
    return list.map(clean)
  }
  document.querySelectorAll('[data-found]').forEach((e) => e.removeAttribute('data-found'))
  const modal = [...document.querySelectorAll('dialog[open]')].pop()
  const all = [...(modal || document).querySelectorAll(role === 'field' ? field : clickable)]
  const visible = all.filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('[aria-hidden="true"]') && (e.getClientRects().length || (e.labels || []).length))
  const exact = visible.find((e) => names(e).includes(name))
  const found = exact || visible.find((e) => names(e).some((n) => n.startsWith(name)))
  if (!found) return false
  found.setAttribute('data-found', role)
  // A menu follows its button a frame after a scroll: the click would miss it.
  if (!found.closest('[popover]')) found.scrollIntoView({ block: 'center' })
  return true
}
