#version 330 core
// A rectangle on a canvas, row 0 at the top.
uniform vec4 box;     // left, top, width, height, pixels
uniform vec2 canvas;  // width, height
out vec2 place;

void main() {
    place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4((box.xy + place * box.zw) / canvas * 2.0 - 1.0, 0.0, 1.0);
}
