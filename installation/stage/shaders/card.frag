#version 330 core
// A test card: the very pixels that a projector shall get.
uniform sampler2D pixels;
uniform vec4 box;     // its output: left, top, width, height, pixels from the top left
uniform vec2 window;  // width, height
out vec4 codes;

void main() {
    codes = texelFetch(pixels, ivec2(gl_FragCoord.x - box.x, window.y - gl_FragCoord.y - box.y), 0);
}
