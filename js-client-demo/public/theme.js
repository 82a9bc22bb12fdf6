// Before the first paint, so that who chose dark never sees a flash of light.
document.documentElement.dataset.theme = localStorage.getItem('recado.theme') ?? 'system';
