// SPDX-License-Identifier: GPL-2.0-only
// serve DIRECTORY PORT | get URL FILE | put FILE URL
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { pipeline } = require('stream');

function done(error) {
	if (error) {
		console.error(error);
		process.exit(1);
	}
}

function answer(directory, request, response) {
	const file = path.join(directory, path.basename(request.url));

	if (request.method === 'PUT') {
		pipeline(request, fs.createWriteStream(file), (error) => {
			done(error);
			response.writeHead(201, { 'Content-Length': 0 });
			response.end();
		});
		return;
	}
	response.writeHead(200, { 'Content-Length': fs.statSync(file).size });
	pipeline(fs.createReadStream(file), response, done);
}

function serve(directory, port) {
	http.createServer((...both) => answer(directory, ...both))
		.listen(Number(port), '127.0.0.1', () => console.log('ready'));
}

function good(response) {
	if (response.statusCode >= 300)
		done(new Error(`status ${response.statusCode}`));
}

function get(url, file) {
	http.get(url, (response) => {
		good(response);
		pipeline(response, fs.createWriteStream(file), done);
	}).on('error', done);
}

function put(file, url) {
	const request = http.request(url, { method: 'PUT' }, (response) => {
		good(response);
		response.resume();
	});

	request.setHeader('Content-Length', fs.statSync(file).size);
	pipeline(fs.createReadStream(file), request, (error) => error && done(error));
}

const [what, ...words] = process.argv.slice(2);
({ serve, get, put })[what](...words);
