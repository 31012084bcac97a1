import { browserStart, open, close, accessible, DESK, PHONE } from './kit.mjs';
const stack={url:'http://127.0.0.1:8090'};
const b=await browserStart();
const ko=process.argv.includes('ko'), dark=process.argv.includes('dark'), desk=process.argv.includes('desk');
const p=await open(b,stack,'/',{locale:ko?'ko-KR':'en-GB',colorScheme:dark?'dark':'light',viewport:desk?DESK:PHONE});
let n=0; const s=async(name)=>{await p.screenshot({path:`/tmp/shots/${++n}-${name}.png`}); try{await accessible(p)}catch(e){console.log(name,e.message)}};
try{
await p.locator('.concert').first().waitFor(); await s('concerts');
await p.locator('.concert').first().click(); await p.locator('#member').waitFor(); await s('enter');
await p.locator('button.primary').click();
await p.locator('button.concert').first().waitFor(); await s('dates');
await p.locator('button.concert').first().click(); await p.locator('canvas').waitFor(); await p.waitForTimeout(500); await s('seats');
const box=await p.locator('canvas').boundingBox();
await p.mouse.click(box.x+box.width*0.3,box.y+box.height*0.5); await p.waitForTimeout(200);
await p.mouse.click(box.x+box.width*0.5,box.y+box.height*0.5); await p.waitForTimeout(200);
await p.mouse.click(box.x+box.width*0.6,box.y+box.height*0.5); await p.waitForTimeout(200); await s('chosen');
await p.locator('.languages button').last().click(); 
await p.locator('.list-part summary').first().click(); await s('list');
await p.locator('.basket button.primary').click(); await p.locator('.sums').waitFor(); await s('pay');
if(await p.locator('#charge').count()){ await p.locator('form button.primary').click(); await p.locator('.note.good').waitFor(); await s('charged');}
await p.locator('button.primary').click(); await p.locator('.ticket').waitFor(); await s('ticket');
}catch(e){console.log(e.message); await s('error');}
console.log(p.faults); await b.close();
