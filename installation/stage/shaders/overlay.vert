#version 330 core
// A rectangle on a canvas, row 0 at the top, with a pixel more around it for edges that lie between two.
uniform vec4 box;     // left, top, width, height, pixels
uniform vec2 canvas;  // width, height
out vec2 at;          // pixels in the rectangle

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    at = corner * (box.zw + 2.0) - 1.0;
    gl_Position = vec4((box.xy + at) / canvas * 2.0 - 1.0, 0.0, 1.0);
}
