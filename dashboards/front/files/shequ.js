// Moves inside the application stay in the session, charts are drawn where they are, the framework's English is shown in Chinese.
(function () {
  'use strict'
  const DRAWING = document.currentScript.dataset.drawing
  const PARTS = document.currentScript.dataset.parts.split(' ')
  const base = new URL('.', document.baseURI)

  // ---- moves: Streamlit listens to the browser's history and opens what the address says, without loading anything

  function go(to) {
    if (to.href === location.href) return
    const stays = subject(to) === subject(location.href)
    history.pushState({}, '', to)
    dispatchEvent(new PopStateEvent('popstate', { state: {} }))
    const main = document.querySelector('.stMain')
    if (main && !stays) main.scrollTop = 0
  }

  // what a page is about: not which of its parts is open, nor what is pinned
  function subject(address) {
    const at = new URL(address)
    for (const name of ['part', 'pinned']) at.searchParams.delete(name)
    at.searchParams.sort()
    return at.href
  }

  function target(link) {
    if (!link || link.hasAttribute('download') || link.closest('[data-testid="stPageLink"]')) return null
    const to = new URL(link.href, document.baseURI)
    const path = to.href.startsWith(base.href) ? to.pathname.slice(base.pathname.length) : null
    // one word: a page of ours; files and Streamlit's own addresses have more
    return path !== null && /^[a-z]*$/.test(path) && path !== 'plain' && !to.hash ? to : null
  }

  // Links of the framework's own bar name a page only: the choice goes along. Taken before React sees the click.
  document.addEventListener('click', (event) => {
    const link = event.target.closest('[data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"]')
    if (!link || !link.href || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    const to = new URL(link.href, document.baseURI)
    to.search = kept()
    go(to)
    // on a phone the list of pages lies over the page
    const list = link.closest('[data-testid="stSidebar"]')
    if (list) list.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click()
  }, true)

  const CARRIED = ['policy', 'month', 'divisions', 'county', 'indicator', 'unit', 'edition', 'pinned']
  function kept() {
    const chosen = [...new URLSearchParams(location.search)].filter(([name]) => CARRIED.includes(name))
    return new URLSearchParams(chosen).toString()
  }

  // What the reader pinned stays in this browser, and in the address for whoever gets the link.
  function pinned() {
    const to = new URL(location.href)
    try {
      const kept = localStorage.getItem('shequ-pinned')
      if (to.searchParams.has('pinned')) localStorage.setItem('shequ-pinned', to.searchParams.get('pinned'))
      else if (kept) { to.searchParams.set('pinned', kept); history.replaceState(history.state, '', to) }
    } catch { /* a browser that keeps nothing: the address alone does */ }
  }
  pinned()
  addEventListener('popstate', pinned)

  // The newest month that this browser has shown, and the one before it: “上次来看时” in 比较.
  function seen(newest) {
    const [last] = (document.cookie.match(/(?:^|; )shequ_seen=([\d.-]*)/) || ['', ''])[1].split('.')
    if (newest && newest !== last) document.cookie = `shequ_seen=${newest}${last ? '.' + last : ''}; path=${base.pathname}; max-age=31536000; SameSite=Lax`
  }

  // What the page chose by itself joins the address without an entry in the history: a copied address opens the same view.
  function complete(mark) {
    mark.dataset.done = '1'
    seen(mark.dataset.newest)
    const to = new URL(location.href)
    if (mark.dataset.page !== to.pathname.slice(base.pathname.length)) return
    for (const [name, value] of new URLSearchParams(mark.dataset.address)) if (!to.searchParams.has(name)) to.searchParams.set(name, value)
    if (to.href !== location.href) history.replaceState(history.state, '', to)
    reveal(to)
  }

  // a part that was just opened is brought into sight
  let revealed = ''
  function reveal(at) {
    const part = at.searchParams.get('part') ? at.pathname + at.searchParams.get('part') : ''
    const links = document.querySelector('.sections')
    if (part && part !== revealed && links) links.scrollIntoView()
    revealed = part
  }

  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const to = target(event.target.closest('.stMain a[href]'))
    if (!to) return
    event.preventDefault()
    go(to)
  })

  // ---- tables: a head sorts, a row opens what its first cell opens

  function sort(head) {
    const column = head.cellIndex, down = head.getAttribute('aria-sort') === 'ascending', number = head.classList.contains('n')
    const body = head.closest('table').tBodies[0]
    const value = (row) => { const cell = row.cells[column]; return number ? parseFloat(cell.dataset.v) : cell.textContent.trim() }
    const rows = [...body.rows].map((row) => [value(row), row])
    const empty = (given) => (number ? Number.isNaN(given) : given === '')
    rows.sort(([a], [b]) => empty(a) - empty(b) || (down ? -1 : 1) * (number ? a - b : a.localeCompare(b, 'zh-CN', { numeric: true })))
    body.append(...rows.map(([, row]) => row))
    for (const other of head.parentElement.cells) other.removeAttribute('aria-sort')
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
  }

  document.addEventListener('click', (event) => {
    const head = event.target.closest('.grid th')
    if (head) sort(head)
    const row = event.target.closest('.grid tr.opens')
    if (!row || event.defaultPrevented || event.target.closest('a') || String(getSelection())) return
    const to = target(row.querySelector('a'))
    if (to) go(to)
  })

  // ---- the wall: keys and touch press its buttons

  function press(name) {
    const button = document.querySelector(`.st-key-${name} button`)
    if (button) button.click()
  }

  addEventListener('keydown', (event) => {
    if (!document.querySelector('.st-key-wall') || event.target.closest('input, textarea') || event.ctrlKey || event.metaKey || event.altKey) return
    const does = {
      ArrowLeft: () => press('wall_back'), ArrowRight: () => press('wall_next'), PageUp: () => press('wall_back'), PageDown: () => press('wall_next'),
      ' ': () => press('wall_stop'), f: full, F: full, Escape: () => go(new URL(document.querySelector('.wall-foot a').href)),
    }[event.key]
    if (!does) return
    event.preventDefault()
    does()
  })

  function full() {
    if (document.fullscreenElement) document.exitFullscreen()
    else document.documentElement.requestFullscreen()
  }

  document.addEventListener('click', (event) => {
    if (event.target.closest('.st-key-wall') && !event.target.closest('a, button')) press('wall_stop')
  })

  // ---- charts: still pictures; Plotly's smallest bundle is loaded when a pointer or the keyboard first reaches one

  let plotly = null
  function drawing() {
    plotly = plotly || new Promise((resolve, reject) => {
      const script = document.createElement('script')
      script.src = DRAWING
      script.onload = () => resolve(window.Plotly)
      script.onerror = () => { plotly = null; reject(new Error(DRAWING)) }
      document.head.append(script)
    })
    return plotly
  }

  function reached(event) {
    const box = event.target.closest('[data-figure]:not([data-drawn])')
    // without the library the picture stays, and the next touch tries again
    if (box) draw(box).catch(() => { delete box.dataset.drawn })
  }
  document.addEventListener('pointerover', reached, { passive: true })
  document.addEventListener('focusin', reached)

  const WORDS = {
    format: {
      decimal: '.', thousands: ',', grouping: [3], currency: ['¥', ''], dateTime: '%Y年%-m月%-d日', date: '%Y年%-m月%-d日', time: '%H:%M',
      days: ['星期日', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六'], shortDays: ['日', '一', '二', '三', '四', '五', '六'], periods: ['上午', '下午'],
      months: ['1月', '2月', '3月', '4月', '5月', '6月', '7月', '8月', '9月', '10月', '11月', '12月'],
      shortMonths: ['1月', '2月', '3月', '4月', '5月', '6月', '7月', '8月', '9月', '10月', '11月', '12月'],
    },
    dictionary: {
      'Download plot as a PNG': '存为图片', 'Download plot': '存为图片', 'Taking snapshot - this may take a few seconds': '正在存图…',
      'Snapshot succeeded': '图片已保存', 'Zoom': '放大', 'Reset axes': '还原', 'Zoom in': '放大', 'Zoom out': '缩小', 'Pan': '移动',
      'Autoscale': '自动', 'Double-click on legend to isolate one trace': '双击图例只看这一条',
    },
  }

  async function draw(box) {
    box.dataset.drawn = '1'
    const { data, layout, config } = JSON.parse(box.dataset.figure)
    const library = await drawing()
    if (!box.isConnected) return
    library.register({ moduleType: 'locale', name: 'zh-CN', dictionary: WORDS.dictionary, format: WORDS.format })
    box.textContent = ''
    await library.newPlot(box, data, layout, { ...config, locale: 'zh-CN', responsive: true })
    box.on('plotly_click', (event) => {
      const link = event.points[0] && event.points[0].customdata
      if (link) go(new URL(link, document.baseURI))
    })
  }

  addEventListener('beforeprint', () => {
    for (const box of document.querySelectorAll('[data-drawn]')) if (window.Plotly && box.layout) window.Plotly.Plots.resize(box)
  })

  // ---- boards of HTML are saved as a picture too: their elements with their computed style, drawn by the browser as one SVG

  const BOARDS = '.bars, .matrix, .ranking, .map, .coverage'
  const DRAWN = `display position top right bottom left z-index width height margin padding box-sizing grid-template-columns grid-template-rows grid-auto-rows
    grid-row grid-column gap align-items align-content justify-content flex color background border border-radius font-family font-size font-weight font-style font-variant-numeric letter-spacing
    line-height text-align text-decoration-line vertical-align white-space overflow text-overflow writing-mode text-orientation clip-path transform opacity filter visibility`.split(/\s+/)

  function offer(board) {
    const button = document.createElement('button')
    button.className = 'save'
    button.type = 'button'
    button.textContent = '存为图片'
    button.addEventListener('click', () => save(board))
    board.append(button)
  }

  function styled(element) {
    const copy = element.cloneNode(false), style = getComputedStyle(element)
    for (const name of DRAWN) copy.style.setProperty(name, style.getPropertyValue(name))
    for (const child of element.childNodes) {
      if (child.nodeType === 3) copy.append(child.data)
      else if (child.nodeType === 1 && !child.classList.contains('save')) copy.append(styled(child))
    }
    return copy
  }

  async function save(board) {
    const width = board.scrollWidth + 24, height = board.scrollHeight + 24, frame = document.createElement('div')
    frame.setAttribute('style', `padding:12px;box-sizing:border-box;width:${width}px;height:${height}px;background:${getComputedStyle(document.querySelector('.stApp')).backgroundColor}`)
    frame.append(styled(board))
    const inside = new XMLSerializer().serializeToString(frame)
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * width}" height="${2 * height}" viewBox="0 0 ${width} ${height}"><foreignObject width="100%" height="100%">${inside}</foreignObject></svg>`
    const image = new Image()
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = 2 * width
    canvas.height = 2 * height
    canvas.getContext('2d').drawImage(image, 0, 0)
    const link = document.createElement('a')
    link.download = `${document.title.split(' · ')[0]}.png`
    link.href = canvas.toDataURL('image/png')
    link.click()
  }

  // ---- what a link asked to be seen is brought into sight, once

  function show(element) {
    element.dataset.shown = '1'
    // what follows it is to be seen too
    if (element.getBoundingClientRect().bottom > 0.65 * innerHeight) element.scrollIntoView({ block: 'center' })
  }

  // ---- what other pages need is fetched once the first one stands, so that a click loads nothing

  function later() {
    if (!document.querySelector('[data-test-script-state="notRunning"]')) { setTimeout(later, 1000); return }
    const idle = window.requestIdleCallback || setTimeout
    for (const part of PARTS) idle(() => import(new URL(part, base)).catch(() => {}))
  }
  setTimeout(later, 1500)

  // ---- icons: the framework names them in a font of 375 kB; these few stand in the reader's own

  const GLYPHS = {
    keyboard_arrow_right: '›', keyboard_arrow_down: '⌄', keyboard_arrow_up: '⌃', keyboard_arrow_left: '‹', expand_more: '⌄', expand_less: '⌃',
    chevron_right: '›', chevron_left: '‹', keyboard_double_arrow_right: '»', keyboard_double_arrow_left: '«', arrow_drop_down: '▾', close: '×',
    cancel: '×', delete: '×', clear: '×', add: '+', remove: '−', check: '✓', search: '⌕', upload: '↑', file_upload: '↑', download: '↓', more_vert: '⋮',
    menu: '☰', error: '!', warning: '!', info: 'i', help: '?', visibility: '◉', visibility_off: '○', fullscreen: '⤢', fullscreen_exit: '⤡', description: '▤',
  }

  function glyph(icon) {
    const mark = GLYPHS[icon.textContent.trim()] || ''
    if (icon.dataset.glyph !== mark) icon.dataset.glyph = mark
  }

  // ---- words of the framework that its settings cannot change

  const CHINESE = {
    // selectors, fields, tables
    'No results': '没有找到', 'No options to select': '没有可选的', 'Choose an option': '请选择', 'Choose options': '请选择', 'empty': '没有内容',
    'Press Enter to apply': '按回车确定', 'Press Enter to submit form': '按回车提交', 'Press ⌘+Enter to apply': '按 ⌘+回车确定', 'Press Ctrl+Enter to apply': '按 Ctrl+回车确定',
    'Clear value': '清除', 'Clear all': '全部清除', 'Select all': '全选', 'open': '展开', 'Open': '展开', 'Select': '选择', 'Remove': '去掉',
    'Sort ascending': '升序排列', 'Sort descending': '降序排列', 'Autosize': '自动列宽', 'Pin column': '固定此列', 'Unpin column': '取消固定', 'Hide column': '隐藏此列',
    'Format': '格式', 'Automatic': '自动', 'Localized': '本地格式', 'Plain': '原样', 'Compact': '简写', 'Dollar': '美元', 'Euro': '欧元', 'Yen': '日元', 'Percent': '百分比', 'Scientific': '科学记数', 'Accounting': '会计格式',
    'Statistics': '统计', 'Show/hide columns': '显示或隐藏列', 'Download as CSV': '下载表格', 'Search': '查找', 'Fullscreen': '全屏', 'Close fullscreen': '退出全屏',
    'Type to search': '输入要找的字', 'Previous Result': '上一个', 'Next Result': '下一个', 'Close Search': '关闭查找', 'Clear selection': '取消选择', 'Copy to clipboard': '复制', 'Copied': '已复制',
    // files
    'Browse files': '选择文件', 'Upload': '上传', 'Drag and drop file here': '把文件拖到这里', 'Drag and drop files here': '把文件拖到这里', 'Remove file': '去掉这个文件', 'Cancel upload': '取消上传',
    // state of the page
    'Running...': '正在更新…', 'RUNNING...': '正在更新…', 'Stop': '停止', 'Stopping...': '正在停止…', 'Connecting': '正在连接', 'CONNECTING': '正在连接', 'Connecting...': '正在连接…', 'Connecting…': '正在连接…',
    'Connection error': '连接中断', 'Connection lost. Please wait for the app to reconnect, or refresh the page.': '连接中断，正在重新连接；也可以刷新页面。',
    'Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:': '服务器没有应答。请稍候再试，或告诉运行维护人员。',
    'Page not found': '没有这个页面', 'Bad message format': '收到的内容有误', 'Error': '出错了', 'Oh no.': '出错了。', 'Error running app.': '页面没有显示出来。', 'Close': '关闭', 'Cancel': '取消', 'OK': '好',
    'Skip to main content': '跳到正文', 'App pages': '各页', 'Selected values': '已选的', 'Link to heading': '本节的链接',
    'more': '更多', 'View more': '更多', 'View less': '收起', 'Show password text': '显示密码', 'Hide password text': '隐藏密码', 'Expand sidebar': '展开', 'Collapse sidebar': '收起', 'Settings': '设置', 'Print': '打印', 'Rerun': '刷新', 'Main menu': '菜单', 'About': '关于', 'Record screen': '录屏', 'Clear cache': '清缓存',
  }

  // the sentence goes on with advice for a host that is not ours
  const BROKEN = 'This app has encountered an error', SAID = '这个页面出错了，详情已记在服务器的日志里。请告诉运行维护人员。'

  // words of the framework with a name or a number in them
  const PATTERNS = [[/^Remove (.+)$/, '去掉 $1'], [/^(\d+) more$/, '其余 $1 页']]

  function chinese(text) {
    const said = text.trim()
    if (said.startsWith(BROKEN)) return SAID
    const pattern = PATTERNS.find(([form]) => form.test(said))
    return pattern ? said.replace(...pattern) : CHINESE[said]
  }

  // our own HTML and charts speak Chinese already: a page of them has thousands of texts
  const OURS = '.js-plotly-plot, .stHtml'
  const theirs = { acceptNode: (node) => (node.nodeType === 1 && node.matches(OURS) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT) }

  function translate(root) {
    if (root.matches(OURS)) return
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, theirs)
    while (walker.nextNode()) {
      const said = walker.currentNode.nodeType === 3 && chinese(walker.currentNode.data)
      if (said) walker.currentNode.data = said
    }
    for (const element of root.querySelectorAll('[placeholder], [aria-label], [title]')) {
      for (const name of ['placeholder', 'aria-label', 'title']) {
        const said = element.hasAttribute(name) && chinese(element.getAttribute(name))
        if (said) element.setAttribute(name, said)
      }
    }
  }

  function look(changes) {
    for (const change of changes) {
      for (const node of change.addedNodes) {
        if (node.nodeType === 3 && chinese(node.data)) node.data = chinese(node.data)
        if (node.nodeType === 1 && !node.closest(OURS)) translate(node)
      }
    }
    if (expected) return
    expected = true
    // once for all that is drawn before the next frame; a page in the background has no frames
    document.hidden ? setTimeout(attend) : requestAnimationFrame(attend)
  }

  let expected = false
  function attend() {
    expected = false
    // for the style: `:has` is younger than the oldest browser that can run the pages
    document.documentElement.classList.toggle('wall', !!document.querySelector('.st-key-wall'))
    document.querySelectorAll('[data-testid="stIconMaterial"]').forEach(glyph)
    document.querySelectorAll('[data-address]:not([data-done])').forEach(complete)
    for (const board of document.querySelectorAll(BOARDS)) if (!board.querySelector(':scope > .save')) offer(board)
    document.querySelectorAll('[data-here]:not([data-shown])').forEach(show)
  }

  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
})()
