#version 330 core
// A projector's surface: a mesh whose depths let the card interpolate exactly as the keystone does.
uniform vec4 box;     // the output in the window: left, top, width, height, pixels from the top left
uniform vec2 window;  // width, height
in vec3 at;           // pixels in the output, and the depth w
in vec2 on_canvas;    // fractions of the canvas
out vec2 place;

void main() {
    place = on_canvas;
    vec2 where = (box.xy + at.xy) / window * 2.0 - 1.0;
    gl_Position = vec4(where.x * at.z, -where.y * at.z, 0.0, at.z);
}
